# The commands of the course: `make` alone lists them. Each one sets up what it needs.

.PHONY: help lab test train lessons answers bench data lock

# Packages that these variables point to would stand in front of the pinned ones.
unexport PYTHONPATH PYTHONHOME

# BROWSER and PORT count only when they are given to make: many systems set variables of these
# names for other programs, and Python would take BROWSER=no for the name of a browser.
given = $(and $(filter command,$(origin $(1))),$($(1)))
ifneq ($(call given,BROWSER),)
unexport BROWSER
endif

# $(call option,--name,VARIABLE): the option and its value, quoted, if the variable was given.
quoted = '$(subst ','\'',$(1))'
option = $(if $(call given,$(2)),$(1)=$(call quoted,$($(2))))

help:
	@echo 'make lab      open the course in JupyterLab     PORT=8890 BROWSER=no'
	@echo 'make train    train LeNet in the terminal       DATASET=mnist EPOCHS=2 LEARNING_RATE=0.1'
	@echo '                                                NKERNS="20 50" BATCH_SIZE=500'
	@echo '                                                CHECKPOINT=runs/mnist.npz'
	@echo 'make test     run every test                    ARGS="-k lab"'
	@echo 'make lessons  run the lessons, store outputs'
	@echo 'make answers  make the answer key for teachers again'
	@echo 'make bench    measure every speed             ONLY="training start" QUICK=yes'
	@echo '                                                TORCH=/path/to/python JSON=figures.json'
	@echo 'make data     make the files in data/ again'
	@echo 'make lock     work the exact pins out again'

lab:
	@sh tools/setup.sh course
	@.venv/bin/python tools/lab.py $(call option,--port,PORT) $(call option,--browser,BROWSER)

test:
	@sh tools/setup.sh test
	@.venv/bin/python -m pytest $(ARGS)

train:
	@sh tools/setup.sh course
	@.venv/bin/python -m lenet_helpers train \
	$(call option,--dataset,DATASET) \
	$(call option,--epochs,EPOCHS) \
	$(call option,--learning-rate,LEARNING_RATE) \
	$(if $(call given,NKERNS),--nkerns $(foreach n,$(NKERNS),$(call quoted,$(n)))) \
	$(call option,--batch-size,BATCH_SIZE) \
	$(call option,--checkpoint,CHECKPOINT)

lessons:
	@sh tools/setup.sh test
	@.venv/bin/python tools/run_lessons.py $(ARGS)

answers:
	@sh tools/setup.sh test
	@.venv/bin/python -m tools.answer_key

bench:
	@sh tools/setup.sh test
	@.venv/bin/python -m tools.bench \
	$(call option,--only,ONLY) \
	$(call option,--quick,QUICK) \
	$(call option,--torch,TORCH) \
	$(call option,--json,JSON)

data:
	@sh tools/setup.sh test
	@.venv/bin/python tools/make_data.py

lock:
	@sh tools/lock.sh
