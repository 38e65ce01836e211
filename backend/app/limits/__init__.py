"""What a key or a person may use: requests and tokens a minute, and money."""
