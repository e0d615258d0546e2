"""The HTML report of training and test runs, and pictures of clips."""
