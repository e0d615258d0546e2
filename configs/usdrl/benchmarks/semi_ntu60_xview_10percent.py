_base_ = './finetune_ntu60_xview.py'
train_dataloader = dict(batch_size=64, dataset=dict(type='FewLabelsDataset', share=0.1, balanced=False))
