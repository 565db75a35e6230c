"""Where artifacts go: S3, a directory, or upload functions of the user's own."""
