_base_ = ['../default_runtime.py', '../models/mpct_dste.py', '../datasets/pretrain_3d.py', '../schedules/pretrain.py']
default_hooks = dict(health=dict(type='EmbeddingHealthHook', split='xsub_val', interval=5))
