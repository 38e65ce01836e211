"""The engine, pure: sessions, turns, trimming, admission, providers. No FastAPI, no SQLAlchemy."""
