_base_ = ['../default_runtime.py', '../models/mpct_dste.py', '../datasets/pretrain_3d.py', '../schedules/pretrain.py']
