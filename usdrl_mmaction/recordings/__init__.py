"""What sensors, pose estimators and video give, as clips."""
