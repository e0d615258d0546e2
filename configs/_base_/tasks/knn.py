_base_ = ['../default_runtime.py', '../models/frozen_dste.py', '../datasets/recognition_3d.py']
# Retrieval only tests: what would be the training data is its gallery.
test_cfg = dict(_delete_=True, type='RetrievalLoop', gallery={{_base_.train_dataloader}})
train_dataloader = None
val_dataloader = None
val_evaluator = None
val_cfg = None
