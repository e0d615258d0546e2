_base_ = './pretrain_ntu60.py'
# Every process keeps a share of the weights, gradients and optimizer state.
model = dict(head=dict(gather=True))
strategy = dict(
    type='FSDPStrategy',
    model_wrapper=dict(type='MMFullyShardedDataParallel', auto_wrap_policy='dste_layers'),
    # One checkpoint with whole weights, as other runs load it.
    state_dict_cfg=dict(
        state_dict_type='FULL_STATE_DICT',
        state_dict_config=dict(type='FullStateDictConfig'),
        optim_state_dict_config=dict(type='FullOptimStateDictConfig'),
    ),
)
