# The classifier is fitted in closed form: ridge regression on standardised features, its strength chosen by leave-one-out.
train_cfg = dict(type='FitLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0))  # MMEngine asks for one; it takes no step
