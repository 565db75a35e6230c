"""The container `store` of a Job: packs what install has installed, and puts it beside the artifact."""
