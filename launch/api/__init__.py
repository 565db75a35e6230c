"""What the methods of LaunchClient do."""
