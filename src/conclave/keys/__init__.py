"""The MLS delivery service; never decrypts."""
