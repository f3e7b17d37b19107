// Package pseudovideo turns images into short videos whose last frame is the image, and trains generative models on
// them.
package pseudovideo
