"""OpenTelemetry traces and metrics by the GenAI semantic conventions: off until an endpoint is named, and imported only then."""
