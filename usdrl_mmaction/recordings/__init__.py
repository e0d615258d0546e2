"""Recordings of sensors, pose estimators and cameras, read as clips."""
