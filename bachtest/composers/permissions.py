"""Permissions of people who bring composers and decide on them (docs/roles.md)."""

UPLOAD = "composers.upload_version"
PUBLISH = "composers.publish_version"
MANAGE = "composers.manage_composers"
