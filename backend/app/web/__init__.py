"""What every response goes through: request ids, body limits, security headers, errors, the built page."""
