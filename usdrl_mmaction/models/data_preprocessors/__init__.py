"""The views of pretraining, made on the model's device."""
