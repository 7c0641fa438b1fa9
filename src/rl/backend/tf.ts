/** The one place that imports TensorFlow.js, so that every module shares one engine and its quiet mode. */
import * as tf from "@tensorflow/tfjs";

// Without this the cpu backend prints advertisements for other packages to stderr.
tf.enableProdMode();

export { tf };
