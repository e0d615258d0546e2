_base_ = './finetune_synthetic.py'
train_dataloader = dict(dataset=dict(type='FewLabelsDataset', share=0.1))
