"""Every word that helpers and widgets show to learners: translate this file, and it is done.

A text in braces is filled in where it is used. Messages are one or two sentences: what was found,
and what would work.
"""

# --- Names of values, as they appear inside messages ---

NAME_ACTIVATION = "activation"
NAME_BATCH = "the batch size in the image shape"
NAME_BATCH_SIZE = "batch_size"
NAME_BIAS = "the bias"
NAME_CHANNELS = "channels"
NAME_CLASSES = "n_classes"
NAME_FANS = "fan_in + fan_out"
NAME_FEATURE_MAPS = "the feature maps"
NAME_FILTER = "the filter"
NAME_FILTERS = "the filters"
NAME_FILTER_SHAPE = "the filter shape"
NAME_FILTER_SIDE = "the filter's side"
NAME_HIDDEN = "n_hidden"
NAME_IMAGES = "the images"
NAME_IMAGE_SHAPE = "the image shape"
NAME_IMAGE_SIZE = "the image size"
NAME_LABELS = "the labels"
NAME_LEARNING_RATE = "learning_rate"
NAME_MAP_SIDE = "the feature map's side"
NAME_MODE = "mode"
NAME_NKERNS = "nkerns"
NAME_N_BATCHES = "the number of minibatches in an epoch"
NAME_N_EPOCHS = "n_epochs"
NAME_N_IN = "n_in"
NAME_N_OUT = "n_out"
NAME_PATCH = "the patch's side or step"
NAME_PATIENCE = "patience"
NAME_PICTURE = "the picture"
NAME_PICTURE_SIDE = "the picture's side"
NAME_POOLSIZE = "poolsize"
NAME_RECORD = "the record"
NAME_STAGE = "the stage"
NAME_STRIDE = "stride"
NAME_SUBSAMPLE = "subsample"

# --- Theano's set-up ---

THEANO_IMPORTED_FIRST = (
    "Theano was imported before lenet_helpers, so the course's settings (floatX=float32, the "
    "compiler, the BLAS library) came too late. Restart the kernel (Kernel > Restart Kernel) and "
    "import lenet_helpers first."
)

COMPILING = "Compiling, only this once:"
COMPILING_STEPS = "{compiling} {steps} of {total}"

# --- Shapes ---

NOT_A_WHOLE_NUMBER = "{name} is {value!r}; it must be a whole number of at least 1."
NOT_A_PAIR = "{name} is {value!r}; it must be two whole numbers, (rows, columns), such as (2, 2)."
IMAGE_SHAPE_NOT_FOUR = (
    "The image shape {value!r} must have four entries: (batch, input maps, rows, columns), such "
    "as (500, 1, 28, 28)."
)
FILTER_SHAPE_NOT_FOUR = (
    "The filter shape {value!r} must have four entries: (filters, input maps, filter rows, filter "
    "columns), such as (20, 1, 5, 5)."
)
MAP_SHAPE_TOO_SHORT = (
    "A feature map of shape {shape} can't be pooled: it needs at least two axes, rows and columns."
)
CHANNELS_DIFFER = (
    "The images have {channels} input maps, but the filters are made for {filter_channels}: the "
    "second entries of both shapes must be equal."
)
FILTER_DOES_NOT_FIT = (
    "A filter of {filter_rows} x {filter_columns} pixels does not fit into {rows} x {columns} "
    "pixels."
)
FILTER_TOO_LARGE = FILTER_DOES_NOT_FIT + " Use at most {rows} x {columns}."
FILTER_SIDE_TOO_LARGE = (
    "A filter of {filter_length} pixels does not fit into {length} pixels. Use at most {length}, "
    "or border_mode='half' or 'full'."
)
UNKNOWN_BORDER_MODE = "border_mode is {border_mode!r}; it must be 'valid', 'half' or 'full'."
IGNORE_BORDER_NOT_BOOL = "ignore_border is {value!r}; it must be True or False."
WINDOW_DOES_NOT_FIT = (
    "A pooling window of {pool_rows} x {pool_columns} cells is larger than the feature map of "
    "{rows} x {columns}."
)
WINDOW_TOO_LARGE = WINDOW_DOES_NOT_FIT + " Use at most {rows} x {columns}."
WINDOW_SIDE_TOO_LARGE = (
    "A pooling window of {window} cells is larger than the feature map of {length}. Use at most "
    "{length}."
)
UNKNOWN_CHOICE = "{name} is {value!r}; it must be one of {known}."
SOBEL_TOO_SMALL = (
    "A Sobel filter needs at least 2 pixels in the direction in which it measures; give it more."
)
ONE_PER_LAYER = (
    "{name} is {value!r}; it must have two entries, one for layer0 and one for layer1, such as "
    "{example}."
)
IN_LAYER = "In {layer}: {message}"
SMALLER_OR_LARGER_IMAGES = (
    "{problem} Use at most {rows} x {columns}, or images of at least {image_rows} x "
    "{image_columns} pixels."
)
LARGER_IMAGES = (
    "{problem} Use smaller filters and windows, or images of at least {image_rows} x "
    "{image_columns} pixels."
)

# --- Arrays and Theano variables ---

RAGGED = "The rows of {name} have different lengths; give every row the same number of values."
NOT_NUMBERS = "{name}: the dtype is {dtype}; numbers are needed, such as float32."
EMPTY = "{name}: the shape is {shape}, so there is nothing in it; give at least one."
NOT_FINITE = (
    "{name}: {n_broken} of {size} values are NaN or infinite; replace them, for example by 0."
)
IMAGES_NOT_4D = (
    "{name}: the shape is {shape}; four axes are needed: (batch, input maps, rows, columns)."
)
WRONG_CHANNELS = (
    "{name}: the shape {shape} has {found} channels, but the filters are made for {channels}."
)
WRONG_IMAGE_SHAPE = (
    "The images have the shape {shape}. This network takes (batch, {channels}, {rows}, "
    "{columns}), or each image as one row of pixels; for a single image put it in a list."
)
PIXEL_RANGE = (
    "The pixels run from {low:g} to {high:g}; this network takes 0 to 1. Divide whole numbers "
    "from 0 to 255 by 256."
)
LABELS_NOT_INTEGERS = "The labels have dtype {dtype}; they must be whole numbers, such as int32."
LABELS_SHAPE = (
    "The labels have the shape {shape}; one label is needed for each image: ({n_images},)."
)
LABEL_RANGE = "There is a label {label}; labels run from 0 to {last}."
BIAS_SHAPE = (
    "The bias has the shape {shape}; one number is needed for each filter: ({n_filters},)."
)
NOT_SYMBOLIC = (
    "{layer}: input is a {kind}; it must be a Theano variable, such as T.tensor4('x'). Pass "
    "arrays to the compiled function instead."
)
WRONG_NDIM = (
    "{layer}: input has {found} axes, and {ndim} are needed. Use x.reshape(...) to make four "
    "axes, or x.flatten(2) to make two."
)
WRONG_DTYPE = (
    "{layer}: input has dtype {dtype}, but Theano's floatX is {float_type}. Declare it with "
    "T.tensor4('x') or T.matrix('x'), which follow floatX."
)
LABELS_NOT_IVECTOR = "y is {kind}; it must be a vector of whole numbers, such as T.ivector('y')."
NOT_A_DESIGN = (
    "The design is {value!r}; it must be a LeNetDesign, such as LeNetDesign(nkerns=(20, 50))."
)
TOO_MANY_PARAMETERS = (
    "This network has {found:,} parameters, and at most {most:,} fit into a small machine: use "
    "fewer filters or hidden units, or larger pooling windows."
)
TOO_MUCH_MEMORY = (
    "The outputs of all steps take {found:,} bytes for one image, and at most {most:,} fit into a "
    "small machine: use smaller images, or fewer filters."
)
BROKEN_KEPT_DESIGN = (
    "The kept design {path} is broken or altered; keep one in lesson 3 again, or delete the file."
)
NOT_A_GENERATOR = (
    "{layer}: rng is {value!r}; it must be a generator, such as numpy.random.RandomState(23455)."
)
PARAMETER_SHAPES = "The parameters have the shapes {found}; this network needs {wanted}."

# --- Pictures ---

PICTURE_GREY = (
    "The picture has the shape {shape}: it is grey, with no axis for colours. Make it RGB with "
    "numpy.stack([picture] * 3, axis=2)."
)
PICTURE_NOT_3D = "The picture has the shape {shape}; it must be (rows, columns, 3)."
PICTURE_RGBA = (
    "The picture has the shape {shape}: its fourth channel is transparency (RGBA). Keep the first "
    "three with picture[:, :, :3]."
)
PICTURE_CHANNELS = (
    "The picture has the shape {shape}, with {found} channels; it must be (rows, columns, 3), RGB."
)
NOT_A_PATH = "The picture is {value}; it must be the name of a file, such as 'cat.jpg'."
NO_PICTURE_FILE = "There is no file {path}; check its name and folder."
PICTURE_TOO_LARGE = "{path} has more than {most} million pixels; make it smaller first."
NOT_A_PICTURE = (
    "{path} can't be read as a picture: it is broken, cut off, or no picture at all. Try a JPEG "
    "or PNG file."
)
NO_INK = (
    "The picture of {shape} pixels is blank: no stroke stands out from the paper. Draw a digit "
    "with a clear, dark or bright line."
)
DIGIT_RANGE = (
    "The picture's values run from {low:g} to {high:g}; give fractions from 0 to 1, or whole "
    "numbers from 0 to 255 (here at most {top})."
)
DIGIT_SHAPE = (
    "The picture has the shape {shape}; it must be (rows, columns), or (rows, columns, 3) in "
    "colour."
)

# --- Data sets ---

UNKNOWN_DATASET = (
    "The dataset is {dataset!r}; it must be 'digits', 'mnist', the path of a mnist.pkl.gz, or a "
    "folder of IDX files."
)
NO_DATASET = (
    "There is no data set {dataset!r}. Use 'digits', 'mnist', the path of a mnist.pkl.gz, or a "
    "folder of IDX files."
)
NO_MNIST_FOLDER = (
    "The environment variable {variable} names {folder}, which is no folder; correct it, or unset "
    "it to download MNIST."
)
NO_IDX_FILE = (
    "The folder {folder} holds neither {name} nor {name}.gz; MNIST needs four files, for images "
    "and labels, train and t10k."
)
TOO_FEW_IMAGES = (
    "The folder {folder} holds {found} training images; more than 10,000 are needed, because the "
    "last 10,000 are kept for validation."
)
BROKEN_FILE = "The file {path} is broken or cut off; copy or download it again."
FILE_TOO_LARGE = "The file {path} unpacks to more than {limit:,} bytes; it is not MNIST's."
NOT_IDX = (
    "The file {path} is no IDX file of bytes with {ndim} axes: its first bytes are wrong. Copy or "
    "download it again."
)
IDX_LENGTH = (
    "The file {path} holds {found:,} bytes of data where its head promises {wanted:,}; copy or "
    "download it again."
)
IDX_SIDES = "The file {path} holds images of shape {shape}; MNIST's have 28 x 28 pixels."
IDX_COUNTS = (
    "The folder {folder} holds {images:,} images but {labels:,} labels; both files must belong "
    "together."
)
IDX_EMPTY = "The file {path} holds no image at all; copy or download it again."
IDX_LABEL = "The file {path} holds a label {label}; labels run from 0 to 9."
PICKLE_FORBIDDEN = (
    "The file {path} asks to load {name}, which is no part of an array: it was not read. Take the "
    "file from a source you trust, or use 'mnist'."
)
PICKLE_CONTENT = (
    "The file {path} does not hold three pairs of images (n, 784), from 0 to 1, and labels (n,), "
    "from 0 to 9. Copy or download it again, or use 'mnist'."
)
NO_CACHE_FOLDER = (
    "The folder {folder} for downloads can't be made ({why}); name another one in LENET_CACHE."
)
SOURCE_FAILED = "{source} did not answer ({why})"
SOURCE_ALTERED = "{source} sent another file than the published one"
DOWNLOAD_FAILED = (
    "{name} can't be downloaded: {reasons}. Check the network, or put MNIST's four files into a "
    "folder and name it in the environment variable LENET_MNIST; 'digits' needs no download."
)

PAPER_TOO_SMALL = (
    "The design takes images of {rows} x {columns} pixels, but the digits have {side} x {side}; "
    "design for at least {side} x {side}."
)

DATA_TOO_LARGE = (
    "On paper of {rows} x {columns} pixels this data set takes {megabytes:,.0f} MB, and {most} MB "
    "are the most; design for smaller images."
)
DESIGN_NOT_GREY = (
    "The design takes images of {channels} channels, but the digits are grey; design for 1 "
    "channel."
)
DESIGN_TOO_FEW_CLASSES = (
    "The design tells {n_classes} classes apart, but there are {n_digits} digits; design for at "
    "least {n_digits} classes."
)

# --- Training ---

NOT_A_POSITIVE_NUMBER = "{name} is {value!r}; it must be a number above 0, such as 0.1."
BATCH_TOO_LARGE = (
    "batch_size is {batch_size}, but the training set holds {n_images:,} images; use at most "
    "{n_images}."
)
PATIENCE_TOO_SMALL = "patience is {patience}; it must be at least 2 iterations."
NOTHING_RECORDED = "The record holds no validation; train for an epoch at least."
PATIENCE_BELOW_RECORD = (
    "patience is {patience}, but this training was validated only every {interval} iterations; "
    "use at least {smallest}."
)
DIVERGED = (
    "At iteration {iteration} the cost is {cost}, no longer a number: the steps are too large. "
    "Start again with a smaller learning rate, such as 0.1."
)
CHECKPOINT_NO_FILE = (
    "The checkpoint is {path!r}; it must be the name of a file, such as 'runs/lenet.npz', and not "
    "of a folder."
)
NO_CHECKPOINT = "There is no checkpoint {path}."
BROKEN_CHECKPOINT = (
    "The checkpoint {path} is broken or of another network; delete it to start from the beginning."
)
OTHER_SETTINGS = (
    "The checkpoint {path} is of a run with {found}, not {settings}; use the same settings, or "
    "another file."
)
TRAINING_STARTS = "Getting ready; the first time, Theano compiles for up to 20 seconds."
TRAINING_STATE = "Iteration {iteration:,} of {n_iterations:,}, cost {cost:.4f}."
TRAINING_BEST = "Best validation error {percent:.2f} % at iteration {iteration:,}."
TIME_LEFT = "About {seconds:.0f} s left."
TRAINING_ENDED = "All epochs done in {seconds:.0f} s."
OUT_OF_PATIENCE = "Early stopping: patience ran out."
TRAINING_STOPPED = "Stopped and kept for comparison."
TRAINING_PAUSED = "Paused: Resume goes on with the next iteration."
TRAINING_WAS_INTERRUPTED = "Interrupted, and nothing is lost: Resume goes on."
STUDIO_READY = "Choose, then press Train."
RUN_LEFT = "A training was left before its end ({run}). Resume goes on with it; Train starts anew."
RUN_SETTINGS = (
    "{dataset}, {n_parameters:,} parameters, learning rate {learning_rate:g}, batches of "
    "{batch_size}, {n_epochs} epochs"
)
RUN_NOT_SAVED = "It could not be saved ({why}), and will be lost if the kernel ends."
RUN_SPEED = "{speed:,.0f} images a second."
RUN_TOO_LARGE = (
    "One image takes {kilobytes:,.0f} kB in this network, so {n_images} images at once take "
    "{megabytes:,.0f} MB, and {most} MB are the most; use smaller images or batches, fewer "
    "filters, or larger pooling windows."
)
NO_KEPT_DESIGN = "No design is kept yet: in lesson 3, press the button that keeps it for lesson 4."
STUDIO_EXAMPLE = (
    "A training of {n_epochs} epochs on the course's digits: the cost falls, and the validation "
    "error goes from {first:.2f} % to {last:.2f} %."
)
UNEXPECTED_ERROR = "This went wrong, and not by your settings: {kind}: {message}"
TRAINING_INTERRUPTED = "Stopped after iteration {iteration:,}; run the cell again to go on."

# --- The self-check ---

CHECK_RESULT, CHECK_WHAT, CHECK_FOUND, CHECK_ADVICE = "Result", "What", "Found", "What to do"
CHECK_OK, CHECK_FAILS = "✓ works", "✗ fails"
CHECK_PYTHON, CHECK_NUMPY, CHECK_THEANO, CHECK_COMPILER = "Python", "NumPy", "Theano", "Compiler"
CHECK_BLAS, CHECK_WIDGETS, CHECK_DATA, CHECK_MEMORY = "BLAS", "Widgets", "Data", "Memory"
CHECK_ALL_WORKS = "Everything works: go on to lesson 1."
CHECK_SOME_FAIL = "Something does not work yet: follow the last column, then run this cell again."
FOUND_THEANO = "{version}, floatX {float_type}"
FOUND_NO_COMPILER = "none"
FOUND_BROKEN_COMPILER = "there, but it can't build a program"
FOUND_BLAS = "{gflops:.0f} GFLOP/s"
FOUND_MISSING = "{name} is missing"
FOUND_DATA = "{names}"
FOUND_MEMORY = "{gigabytes:.1f} GB free"
FOUND_UNKNOWN = "not told by this system"
ADVICE_PYTHON = "Install Python 3.11 and run make lab again."
ADVICE_INSTALL = "Close JupyterLab, delete the folder .venv and run make lab again."
ADVICE_CACHE = "Make the folder {folder} writable, or name another one in LENET_CACHE."
ADVICE_COMPILER = (
    "Install a C++ compiler and Python's headers: sudo apt install g++ python3-dev (Debian, "
    "Ubuntu), xcode-select --install (macOS); then restart the kernel."
)
ADVICE_BLAS = "Close other programs; if it stays slow, training takes longer but works."
ADVICE_DATA = "These files are missing or altered: {names}. Restore them with git checkout data."
ADVICE_MEMORY = "Close other programs or notebooks: the lessons need 1 GB."

# --- Explorers: labels ---

LABEL_PICTURE, LABEL_UPLOAD = "Picture", "Upload a picture of your own"
LABEL_FILTER, LABEL_OWN_FILTER = "Filter", "The filter's numbers: change one, then press Enter."
LABEL_FILTER_ROWS, LABEL_FILTER_COLUMNS = "Filter rows", "Filter columns"
LABEL_N_FILTERS, LABEL_SEED = "Number of filters", "Random seed"
LABEL_BORDER_MODE, LABEL_ACTIVATION = "border_mode", "Activation"
LABEL_STEP_ROWS, LABEL_STEP_COLUMNS = "subsample, rows", "subsample, columns"
LABEL_FILTER_FLIP = "filter_flip: turn the filter by 180 degrees"
LABEL_POSITION, LABEL_CELL = "Position", "row {row}, column {column}"
LABEL_BACK, LABEL_STEP, LABEL_PLAY, LABEL_PAUSE = "Back", "Step", "Play", "Pause"
LABEL_MAP, LABEL_OWN_MAP = "Feature map", "The map's numbers: change one, then press Enter."
LABEL_MAP_ROWS, LABEL_MAP_COLUMNS = "Map rows", "Map columns"
LABEL_POOL_ROWS, LABEL_POOL_COLUMNS = "Window rows", "Window columns"
LABEL_STRIDE_IS_WINDOW = "stride as large as the window: windows side by side"
LABEL_STRIDE_ROWS, LABEL_STRIDE_COLUMNS = "stride, rows", "stride, columns"
LABEL_IGNORE_BORDER = "ignore_border: drop the cells that fill no whole window"
LABEL_MODE, LABEL_POOLED_CELL = "mode", "Pooled cell"
LABEL_SHIFT_DOWN, LABEL_SHIFT_RIGHT = "Pixels down", "Pixels to the right"
LABEL_SPOT_ROW, LABEL_SPOT_COLUMN = "Maximum, row", "Maximum, column"
LABEL_SIDE = "Pixels a side"
LABEL_IMAGE_SIDE, LABEL_INPUT_MAPS = "Image side (pixels)", "Input maps"
LABEL_FILTER_SIDE, LABEL_WINDOW_SIDE = "Filter side (pixels)", "Window side (cells)"
LABEL_IMAGE_ROWS, LABEL_IMAGE_COLUMNS = "image: rows", "image: columns"
LABEL_CHANNELS = "image: channels"
LABEL_LAYER_NKERNS = "layer{layer}: filters"
LABEL_LAYER_FILTER_ROWS = "layer{layer}: filter rows"
LABEL_LAYER_FILTER_COLUMNS = "layer{layer}: filter columns"
LABEL_LAYER_POOL_ROWS = "layer{layer}: window rows"
LABEL_LAYER_POOL_COLUMNS = "layer{layer}: window columns"
LABEL_HIDDEN, LABEL_CLASSES = "layer2: hidden units", "layer3: classes"
LABEL_PRESETS = "Start from:"
LABEL_PRESET_COURSE, LABEL_PRESET_TINY = "This course's network", "A tiny one"
LABEL_PRESET_LENET5 = "LeNet-5 of 1998"
LABEL_BUILD, LABEL_KEEP = "Build it in Theano", "Keep it for lesson 4"
LABEL_LEARNING_RATE, LABEL_BATCH_SIZE = "Learning rate", "Batch size (images)"
LABEL_STAGE, LABEL_TEST_DIGIT, LABEL_DIGIT = "Stage of training", "Test digit", "Digits"
LABEL_MAP_OF = "Map of layer {layer}"
LABEL_DATASET, LABEL_LOAD_MNIST = "Data set", "Load MNIST's pictures"
LABEL_RIGHT, LABEL_PREDICTED, LABEL_PAGE = "Right digit", "Predicted digit", "Page"
LABEL_PROGRESS, LABEL_TRAIN, LABEL_STOP = "Training", "Train", "Stop"
LABEL_YOUR_DIGIT = "Your digit"
LABEL_UPLOAD_DIGIT = "Upload a photograph of a digit"
LABEL_OCCLUSION = "Show which pixels mattered"
LABEL_UNDO, LABEL_CLEAR = "Undo", "Clear"

# --- Explorers: the drawing pad ---

PAD_NAME = "Paper for a digit"
PAD_HINT = (
    "Draw with mouse, finger or pen. By keyboard: arrow keys move the pen, with Shift a little; "
    "Space sets it down and lifts it; Backspace takes a stroke back, Delete clears."
)
PAD_PEN_UP = "Pen up, {right} % from the left, {down} % from the top."
PAD_PEN_DOWN = "Pen down, {right} % from the left, {down} % from the top."
PAD_UNDONE, PAD_CLEARED = "The last stroke is gone.", "The paper is blank."
PAD_FULL = "That is as much ink as the paper takes: undo or clear."
LABEL_RESUME, LABEL_RESET, LABEL_FORGET_RUNS = "Resume", "Reset", "Forget earlier runs"
LABEL_RECORD, LABEL_PATIENCE = "Recorded training", "patience (iterations)"
LABEL_PATIENCE_INCREASE, LABEL_THRESHOLD = "patience_increase", "improvement_threshold"
LABEL_DESIGN, LABEL_EPOCHS = "Network", "Epochs"

# --- Explorers: choices ---

DIGIT_DRAWN, DIGIT_PHOTOGRAPH = "drawing", "photograph"

PICTURE_CAT, PICTURE_RINGS, PICTURE_SQUARES = "cat", "rings", "squares"
PICTURE_DIGIT, PICTURE_UPLOADED = "digit", "my own"
PICTURE_DOT, PICTURE_CROSS, PICTURE_EDGE = "dot", "cross", "edge"
PICTURE_RING, PICTURE_RAMP = "ring", "ramp"
FILTER_RANDOM, FILTER_IDENTITY, FILTER_BLUR = "random", "identity", "blur"
FILTER_SHARPEN, FILTER_EDGES, FILTER_EMBOSS = "sharpen", "edges", "emboss"
FILTER_SOBEL_ROWS, FILTER_SOBEL_COLUMNS = "Sobel, down", "Sobel, right"
FILTER_OWN = "my own"
MAP_FIRST, MAP_SECOND = "invals[0, 0]", "invals[1, 0]"
MAP_RANDOM, MAP_OWN, MAP_CAT = "random", "my own", "cat's map {number}"
SHIFT_SPOT = "one maximum"
CHOICE_ALL = "all"
SET_DIGITS, SET_MNIST = "the course's test digits", "MNIST's test digits"
DATASET_DIGITS, DATASET_MNIST = "the course's digits", "MNIST (11 MB, once)"
RECORD_MNIST, RECORD_DIGITS = "this course's on MNIST", "this course's on its digits"
RECORD_OWN = "my own"
DESIGN_COURSE, DESIGN_LENET5 = "this course's", "LeNet-5 of 1998"
DESIGN_TINY, DESIGN_KEPT = "a tiny one", "mine of lesson 3"

# --- Explorers: states ---

IMPOSSIBLE_SETTING = (
    "This setting does not work. {message} The pictures show the last settings that worked."
)
STAND_IN = (
    "Some settings of an explorer; run the lesson's cells, and its controls appear here. {states}"
)
STORED_WIDGET = "A widget: run the lesson's cells, and its controls appear here."
NOTHING_UPLOADED = "There is no picture of your own yet: upload one with the button below."
UPLOADED = "{name} is loaded."
CONVOLUTION_STATE = (
    "Rows: {rows}. Columns: {columns}. {n_maps} x {map_rows} x {map_columns} cells in the feature "
    "maps, {weights} = {n_weights:,} weights in the filters."
)
WINDOW_STATE = (
    "Row {row}, column {column} of {rows} x {columns} cells: {terms} = {total}; Theano's cell is "
    "{theanos}.\nRows: {row_arithmetic}. Columns: {column_arithmetic}."
)
MANY_PRODUCTS = "the sum of {n_products} products"
FLIP_STATE = "The two maps differ in {n_different} of {n_cells} cells (yellow): {why}"
FLIP_SYMMETRIC = "turned by 180 degrees, this filter looks the same."
FLIP_NOT_SYMMETRIC = "turned by 180 degrees, this filter is another one."
FLIP_SAME_HERE = "this filter is another one when turned, but on this picture both give the same."
PIXELS_STATE = (
    "{side} x {side} = {n_pixels:,} pixels; with red, green and blue {n_numbers:,} numbers."
)
POOLING_STATE = (
    "ignore_border=True: rows {rows_dropped}; columns {columns_dropped}.\n"
    "ignore_border=False: rows {rows_kept}; columns {columns_kept}.\n"
    "With {ignore_border}, {n_lost:,} of {n_cells:,} cells lie in no window (hatched){winners}. "
    "The orange window gives row {row}, column {column}: {value}."
)
POOLING_WINNERS = ", {n_winners:,} win theirs (blue)"
SHIFT_STATE = "{shift}: {n_stay:,} of {n_outputs:,} pooled cells stay as they were. {share}"
SHIFT_NONE, SHIFT_BY = "Not shifted", "Shifted by {rows} {vertically} and {columns} {sideways}"
SHIFT_DOWN, SHIFT_UP, SHIFT_RIGHT, SHIFT_LEFT = "down", "up", "to the right", "to the left"
SHIFT_SHARE_SPOT = (
    "Counted over all cells of a {pool_rows} x {pool_columns} window and all 8 shifts by one "
    "pixel, {n_unchanged} of {n_shifts} leave the whole pooled map as it was: {share} = "
    "{decimal:.4f}."
)
SHIFT_SHARE_PICTURE = (
    "Of all 8 shifts by one pixel, {n_unchanged} leave the whole pooled map as it was (for a "
    "single maximum {share} of the shifts do); {percent:.1f} % of the pooled cells stay."
)
NOTHING_PHOTOGRAPHED = "There is no photograph of yours yet: upload one, or draw."
DIGIT_NOTHING_DRAWN = (
    "The paper is blank: draw a digit. Even blank paper gets an answer, here {digit} with "
    "{percent:.1f} %, because the network knows only digits."
)
DIGIT_STATE = (
    "{digit} with {percent:.1f} %, then {second} with {second_percent:.1f} % and {third} with "
    "{third_percent:.1f} %."
)
DIGIT_UNSURE = "The network is not sure; people often are not, either."
DIGIT_UNTRAINED = "All ten digits get {percent:.1f} %: this network has not learned anything yet."
DIGIT_OCCLUSION = (
    "Covering the part around row {row}, column {column} lowers the answer most, to "
    "{percent:.1f} %."
)
DIGIT_NO_OCCLUSION = "No part alone makes the answer less sure when it is covered."
ROUND_DOWN, ROUND_UP = "rounded down", "rounded up"
DESIGN_STATE = (
    "{parts} = {total:,} parameters; {largest} has the most. One image takes {multiply_adds:,} "
    "multiply-adds, and {memory:,} bytes for the outputs of all steps.{note}"
)
NOTE_COURSE = " This is the course's network, the one that lesson 4 trains."
NOTE_LENET5 = (
    "\nThese are the sizes of LeNet-5, but the paper's network differs. Where ours takes maxima, "
    "its S2 and S4 average 2 x 2 cells, multiply by a coefficient, add a bias (one of each for "
    "every map, trained: 12 and 32 parameters) and squash. In C3 each map sees only some of the 6 "
    "maps before: 1,516 parameters instead of 2,416. C5, 120 maps of 1 x 1 from filters of 5 x 5, "
    "is our hidden layer of 120 units (48,120). Then come F6, 84 units (10,164), and 10 RBF units "
    "with 840 fixed weights; ours has its softmax (1,210) there. It squashes by 1.7159 tanh(2/3 "
    "x), ours by tanh(x). It trains 60,000 parameters in all, ours 51,902."
)
NOTE_TINY = " This is the tiny network: quick to train, and still a LeNet."
BUILDING = "Building... Theano compiles the network; the first time it takes up to 20 seconds."
BUILT_AS_DRAWN = (
    "As drawn: one image of zeros went through {n_steps} steps in Theano. All shapes and the "
    "{total:,} parameters are those of the table."
)
BUILT_OTHERWISE = "Theano built something else than was drawn: {differences}."
BUILT_DIFFERENCE = "{layer} {step} is {found}, not {drawn}"
BUILD_FAILED = (
    "Theano could not build this network ({kind}). Make it smaller, or restart the kernel and try "
    "again."
)
KEPT = "Kept: lesson 4 can now train this network of {total:,} parameters."
NOT_KEPT = "The design could not be kept ({why}); make the folder {folder} writable."

# --- Explorers: tables ---

TABLE_DESIGN = "The network, step by step, for one image"
TABLE_BUILT = "What Theano built"
HEAD_LAYER, HEAD_STEP, HEAD_SHAPE = "layer", "step", "output shape"
HEAD_PARAMETERS, HEAD_MULTIPLY_ADDS = "parameters", "multiply-adds"
HEAD_MEMORY, HEAD_TOTAL = "memory (bytes)", "in all"
HEAD_DRAWN_SHAPE, HEAD_THEANO_SHAPE = "shape, drawn", "shape, Theano"
HEAD_DRAWN_PARAMETERS = "parameters, drawn"
HEAD_THEANO_PARAMETERS = "parameters, Theano"
FILTERS_STATE = (
    "Stage {stage}: test digit {number} is a {label}; the network says {answer} with probability "
    "{probability:.3f}, which is {verdict}.\n{filters}"
)
VERDICT_RIGHT, VERDICT_WRONG = "right", "wrong"
FILTERS_AT_START = (
    "These are the random filters of the start. Layer 3's weights are still zero, so every digit "
    "gets ten equal probabilities."
)
FILTERS_MOVED = (
    "Since the start layer 0's filters have moved by {mean:.2f} times their first length on "
    "average, filter {farthest} the farthest, by {most:.2f}. Filter {number} (orange frame) moved "
    "by {ratio:.2f}; its correlation with its start is {correlation:.2f}."
)
MISTAKES_STATE = (
    "Stage {stage}, {dataset}: {n_wrong:,} of {n_digits:,} are read wrongly, an error of "
    "{percent:.2f} %. The most frequent confusion is {right} → {predicted}, {times:,} times.\n"
    "{told}"
)
MISTAKES_SHOWN = (
    "Mistakes {first:,} to {last:,} of {n_found:,}, the surest first: digit {number:,}, {right} → "
    "{predicted}, with probability {probability:.3f}."
)
NO_SUCH_MISTAKE = "There is no mistake of this kind."
MISTAKE, MISTAKE_PROBABILITY = "{right} → {predicted}", "{probability:.3f}"
MNIST_NOTE = (
    "MNIST's pictures are no part of the course. The button takes them from the folder that "
    "LENET_MNIST names, or downloads them once (1.7 MB)."
)
MNIST_MISSING = (
    "These counts were kept when the network was trained; to see the pictures behind them, load "
    "MNIST with the button above."
)
MNIST_LOADING = "Loading; a download can take a minute."
MNIST_READING = "The network reads {n_digits:,} digits at the stage {stage}: about 2 s."
MNIST_LOADED = "MNIST's {n_digits:,} test digits are loaded."

REPLAY_RULE = "Patience {patience:,}, increase {increase:g}, threshold {threshold:g}."
REPLAY_ENDED = "Patience would have run out at iteration {iteration:,} of {n_iterations:,}."
REPLAY_GOES_ON = (
    "Patience would not have run out in these {n_iterations:,} iterations; it stood at "
    "{patience:,.0f}."
)
REPLAY_BEST = (
    "The best until then: validation error {validation:.2f} % at iteration {iteration:,}, with "
    "test error {test:.2f} %. {missed}"
)
REPLAY_MISSED = (
    "All in all the best is {validation:.2f} %, at iteration {iteration:,}, with test error "
    "{test:.2f} %."
)
REPLAY_MISSED_NOTHING = "The whole record holds no better one."

ROOF_STATE = (
    "The convolution does {convolution}. One after the other, convolution, pooling, bias and tanh "
    "move {n_apart} MB, and take at least {milliseconds} ms.\n"
    "All in one, they do {limit}. They move {n_together} MB, and take at least {least} "
    "ms: up to {times} times as fast."
)
ROOF_MEMORY = "{intensity} operations a byte, so that memory is its limit"
ROOF_ARITHMETIC = "{intensity} operations a byte, so that arithmetic is its limit"
ROOF_TOGETHER = "all in one"
ROOF_SPEED = "{speed} GFLOP/s"
ROOF_POINT = "{label} reaches {speed} GFLOP/s, {percent:.0f} % of the roof there"
ROOF_MEASURED = "The roof: {peak} GFLOP/s, and {bandwidth} GB/s. {points}."

# --- Explorers: captions ---

CAPTION_PICTURE = "picture, {rows} x {columns}"
CAPTION_MAP = "feature map {number}, {rows} x {columns}, from {low} to {high}"
CAPTION_FILTER = "filter {number}"
CAPTION_WINDOW = "picture and window (grey: outside)"
CAPTION_PATCH, CAPTION_PRODUCTS = "patch", "products"
CAPTION_TURNED, CAPTION_NOT_TURNED = "filter, turned", "filter, not turned"
CAPTION_CLICK_MAP = "feature map (click on a cell)"
CAPTION_SMALL_PICTURE = "picture"
CAPTION_CONVOLUTION = "convolution: filter_flip=True"
CAPTION_CORRELATION = "correlation: filter_flip=False"
CAPTION_DESIGN = "the network, from image to classes"
CAPTION_DIGIT = "as the network gets it, {rows} x {columns}"
CAPTION_ANSWER = "probabilities"
CAPTION_OCCLUSION = "orange speaks for it, blue against"
CAPTION_CONVOLVED = (
    "layer 0, convolution: {maps} maps, {rows} x {columns}, from {smallest:.1f} to {largest:.1f}"
)
CAPTION_LAYER = "layer {number}, pooling and tanh: {maps} maps, {rows} x {columns}, from -1 to 1"
CAPTION_HIDDEN = "layer 2: {units} hidden units, from -1 to 1"
CAPTION_PIXELS = "{side} x {side} pixels"
CAPTION_POOL_MAP = "feature map, windows with ignore_border={ignore_border}"
CAPTION_DETAIL = "rows {top} to {bottom}, columns {left} to {right}, in numbers"
CAPTION_POOLED = "pooled, ignore_border={ignore_border}: {rows} x {columns}"
CAPTION_BEFORE, CAPTION_AFTER = "before the shift", "after it"
CAPTION_POOLED_BEFORE = "pooled before"
CAPTION_POOLED_AFTER = "pooled after (yellow: changed)"
CAPTION_TEST_DIGIT = "test digit {number}, a {label}"
CAPTION_PROBABILITIES_OF = "probabilities (shaded: the right digit)"
CAPTION_FILTER_NUMBERS = "filter {number} of layer 0, in numbers"
CAPTION_FILTERS = "layer 0's filters (white +{largest:.2f}, black -{largest:.2f})"
CAPTION_MAPS = "layer 0's maps (white +1, black -1)"
CAPTION_SMALL_MAPS = "layer 1's maps (white +1, black -1)"
CAPTION_SMALL_FILTERS = (
    "filters of layer 1's map {number} (white +{largest:.2f}, black -{largest:.2f})"
)
CAPTION_MATRIX = "confusion matrix (click on a cell)"
CAPTION_GALLERY = "right digit → predicted digit, and its probability"

CAPTION_ROOF = "the roof of this machine, and how far each operation can get below it"
CAPTION_REPLAY = "where this rule would have ended the training"
CAPTION_CURVES = "cost and validation error"
CAPTION_RUNS = "The runs"
HEAD_RUN, HEAD_DATASET, HEAD_RATE = "run", "data set", "learning rate"
HEAD_BATCH_SIZE, HEAD_EPOCHS, HEAD_SECONDS = "batch size", "epochs", "seconds"
HEAD_BEST, HEAD_TEST = "best validation error", "test error then"
NAME_RUN = "run {number}"
RATE_FROM = ", {rate:g} from iteration {start:,}"
EPOCHS_DONE = "{done:.1f} of {n_epochs}"
PERCENT, NOT_MEASURED = "{percent:.2f} %", "not yet"

# --- Figures ---

TITLE_PICTURE, TITLE_MAP = "picture", "feature map {number}"
TITLE_POOL_INPUT, TITLE_POOL_OUTPUT = "feature map and its windows", "pooled"
AXIS_WEIGHT, AXIS_COUNT = "weight", "how many"
AXIS_COST, AXIS_VALIDATION = "cost (mean of -log p)", "validation error (per cent)"
AXIS_EPOCHS, AXIS_ITERATIONS, AXIS_ERROR = "epochs", "iterations", "error (per cent)"
MARK_BEST, MARK_END = "best so far", "the end"
MARK_MADE, MARK_PATIENCE = "iterations made", "patience"
AXIS_PREDICTED, AXIS_RIGHT = "predicted digit", "right digit"
STEP_IMAGE, STEP_CONVOLUTION, STEP_POOLING = "image", "convolution", "pooling"
STEP_BIAS_TANH = "bias and tanh"
STEP_FLATTEN, STEP_HIDDEN, STEP_SOFTMAX = "flatten", "hidden", "softmax"
AXIS_INTENSITY = "arithmetic intensity (operations a byte)"
AXIS_SPEED = "speed (GFLOP/s)"
SHARE_OF_TIME, SHARE_OF_ARITHMETIC = "time", "multiply-adds"
AXIS_SHARE = "per cent of one training step"
SHARES_STATE = (
    "{slowest} takes the most time, {percent:.0f} %; ops without a multiply-add take {idle:.0f} % "
    "together."
)
AXIS_MILLISECONDS = "milliseconds a training step"
TIME_FIRST = "{name}: {milliseconds:.2f} ms"
TIME_OTHER = "{name}: {milliseconds:.2f} ms, {times:.1f} times as fast"
LANES_PIXELS = "a pixel of 16 images"
LANES_WEIGHTS, LANES_WEIGHT = "one weight, 16 times", "w"
LANES_SUMS = "16 cells of the maps"
LANES_TIMES, LANES_PLUS = "times", "is added to"
DRAWN_MAP, DRAWN_MAPS, DRAWN_SIDES = "1 map,", "{n:,} maps,", "{rows} x {columns}"
DRAWN_UNIT, DRAWN_UNITS, DRAWN_NUMBER = "unit", "units", "{n:,}"

# --- Exercises ---

CORRECT = "Correct: {text}"
WRONG = "Not yet: {text} (For a hint: exercises.{name}.hint())"
NOT_ANSWERED = (
    "Not answered yet: put your answer where the three dots are, and run the cell again. (For a "
    "hint: exercises.{name}.hint())"
)
OTHER_NUMBER_OF_ANSWERS = "Call it so: exercises.{call}"
CHECK_INTERRUPTED = "Interrupted, so nothing was checked. Run the cell again when you like."
CHECK_FAILED = (
    "The checker itself stumbled over this answer: {error}. That is our mistake, not yours; the "
    "solution is one that it understands."
)
HINT = "Hint {number} of {total}: {text}"
MORE_HINT = "(The next one: exercises.{name}.hint())"
MORE_SOLUTION = "(A solution: exercises.{name}.solution())"
NO_SUCH_HINT = "There is no hint {number}: exercises.{name}.hint() gives the first of three."
SOLUTION = "One solution; others may be as good:"
EXERCISE = (
    "The exercise {title!r}: exercises.{name}.check(...) checks your answer, exercises.{name}."
    "hint() gives a hint, exercises.{name}.solution() shows a solution."
)

ANSWER_NOT_ONE_NUMBER = "one number is asked for, and yours has the shape {shape}."
ANSWER_NOT_WHOLE = "yours is {value!r}; a whole number is asked for."
ANSWER_OTHER_LENGTH = "numbers asked for: {length}; yours: {found}."
ANSWER_OTHER_SHAPE = "yours has the shape {found}; {shape} is asked for."
ANSWER_IS_TEXT = "{value} is a text; write numbers without quotation marks."
ANSWER_NOT_NUMBERS = "{value} can't be read as numbers; a number, a list or an array would do."
ANSWER_NOT_FINITE = "{value} holds NaN or infinity; give finite numbers."
ANSWER_IS_MASKED = "{value} has masked cells; give numbers in all of them."
ANSWER_TOO_LARGE = "yours has {n:,} numbers, more than any answer here needs."
ANSWER_TOO_SLOW = (
    "reading {value} took longer than {seconds:g} seconds; a number or a list would do."
)
ANSWER_IS_SYMBOLIC = (
    "{value} is an expression that still waits for its inputs; give the numbers that it computes."
)
ANSWER_NOT_AMONG = "{value} is none of the possible answers: {known}."
ANSWER_ANY_TEXT = "a text in quotation marks"
ANSWER_NOT_BOOL = "{value} is neither True nor False."
ARRAY_OF_SHAPE = "<an array of shape {shape}>"
A_VALUE = "<a value of type {kind}>"

NOT_A_FUNCTION = (
    "{value} is no function: define one with `def`, and give its name without brackets."
)
ENDLESS = (
    "{call} had not ended after {seconds:g} seconds, and was stopped. Look for a loop that never "
    "ends."
)
RETURNS_NONE = "{call} returned nothing: a `return` is missing, or was not reached."
RETURNS_GENERATOR = "{call} returned no numbers yet: write `return`, not `yield` or `async`."
STOPPED_IN_LINE = "{call} stopped with {error}. It happened in your line `{line}`."
STOPPED = "{call} stopped with {error}."
NAMELESS_FUNCTION = "your_function"
PRINTED_TOO_MUCH = "\n(What it printed after this is left out.)\n"
GIVES_NO_ANSWER = "{call} gives what is no answer: {text}"
GIVES_OTHER_VALUE = "{call} gives {found}; {expected} would be right."
GIVES_OTHER_SHAPE = "{call} gives {found}; {expected} would be right."
AN_ARRAY, ONE_NUMBER = "an array of shape {shape}", "one number"
GIVES_OTHER_CELL = "{call} has {found:.6g} in cell {cell}; {expected:.6g} would be right."

PREDICTION_CHOOSE = "Choose an answer first: a wrong guess teaches more than none."
PREDICTION_RIGHT = "You were right. {answer}"
PREDICTION_FAILED = "The answer can't be computed here: {message}"
PREDICTION_WRONG = "You said: {guess}; right is: {right}. {answer}"
LABEL_PREDICTION = "Your prediction"
LABEL_REVEAL = "Reveal"

BROKEN_PROGRESS = (
    "The file of your progress, {path}, can't be read, so nothing new is written into it. Delete "
    "it to begin anew; exercises work all the same."
)
READ_ONLY_PROGRESS = "The file of your progress, {path}, is read-only, so it stays as it is."
MAP_CAPTION = "Exercises of the course"
MAP_LESSON, MAP_EXERCISES = "lesson", "exercises"
MAP_SOLVED, MAP_TRIED, MAP_OPEN = "solved", "tried", "not yet"
MAP_COUNT = "{solved} of {total} exercises are solved."
MAP_ALL = "That is the whole course."
MAP_NEXT = "Next: {title}, in lesson {lesson}."
MAP_LINE = "{lesson}. {title}: {exercises}"
REPORT_WRITTEN = "{path} is written: a table that spreadsheets open. It names nobody."
REPORT_NOT_CSV = "{path!r} is no name for the report: it must end in .csv."
REPORT_FAILED = "{path} can't be written: {message}"

# --- What a compiled function is made of ---

OPS_OF_COURSE, OPS_OF_THEANO = "by the course:", "by Theano:"
OP_COUNTED, NO_OPS = "{count:4} x {op}", "   none"
OP_LAYER = "convolution, max-pooling {window}, bias"
OP_ACTIVATED_LAYER = "convolution, max-pooling {window}, bias, {activation}"
OP_LAYER_GRADIENT = "the gradients of such a layer, {window}"
OP_FIRST_LAYER_GRADIENT = "the gradients of such a layer, {window}, but of its input"
OP_CONVOLUTION, OP_POOLING = "convolution", "pooling"
OP_POOLING_GRADIENT = "the gradient of pooling"
OP_PRODUCT, OP_PRODUCT_AND_SUM = "matrix product", "matrix product, added in place"
OP_ELEMENTWISE = "element by element, with tanh or sigmoid"
NEEDS_A_COMPILER = "{op} needs a C++ compiler; LENET_FAST=off does without it."
OTHER_TYPE = "{found} was given; {dtype} with {ndim} axes is needed."
NO_SLOPE_OF_RELU = "The slope of a relu can't be told by its result: let Theano compute it."
NOT_COMPILED = "{value!r} is no compiled function: explain takes what theano.function returned."

# --- The command line ---

CLI_DESCRIPTION = "The LeNet course without notebooks."
CLI_TRAIN = "Train LeNet, show a progress bar, and print the validation and the test error."
CLI_DEFAULT = " (without it: %(default)s)"
CLI_DATASET = "'digits', 'mnist', the path of a mnist.pkl.gz, or a folder of IDX files"
CLI_EPOCHS = "passes through the training set at the most"
CLI_LEARNING_RATE = "step size of gradient descent, above 0"
CLI_NKERNS = "filters in layer 0 and in layer 1"
CLI_BATCH_SIZE = "images in a minibatch; without it {digits} for digits, else {classic}"
CLI_CHECKPOINT = "written after every epoch; if it exists, the run goes on from it"
CLI_BUILDING = "Building LeNet and loading {dataset!r} ..."
CLI_UNIT = "it"
CLI_POSTFIX = "cost {cost:.4f}, validation {validation:.2f} %, best {best:.2f} %"
CLI_RESULT = (
    "Best validation error {validation:.2f} % at iteration {best_iteration:,}, with test error "
    "{test:.2f} %; {n_iterations:,} iterations in {seconds:.1f} s."
)
CLI_ERROR = "Error: {message}"
CLI_STOPPED = "Stopped."
CLI_GO_ON = "The same command goes on from the last checkpoint."
CLI_NO_EPOCH = "No epoch had ended yet, so the same command starts from the beginning."
CLI_NO_CHECKPOINT = "With --checkpoint FILE (make: CHECKPOINT=FILE) the same command could go on."
CLI_NOTHING_TO_TRAIN = "The checkpoint holds these epochs already: nothing was trained now."
