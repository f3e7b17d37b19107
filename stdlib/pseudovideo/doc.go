// Package pseudovideo turns images into short videos whose last frame is the image, and trains generative models on
// them: chapter 5. Each image model is the one-frame case of its video model, by the same code.
//
//	digits := pseudovideo.Digits()
//	video := pseudovideo.Spec{Frames: 2, Kind: pseudovideo.Blur, Ladder: pseudovideo.Levels(2)}
//	k, _ := pseudovideo.NewTokenizer(pseudovideo.TokenizerConfig{Video: video, Width: 48, Codes: 8, Dim: 16}, 8, 8, 1)
//	err := k.Fit(lab.Context(), digits.Train, pseudovideo.TrainOptions{Steps: 1000, Cosine: true, Show: "tokenizer"})
//
// # The idea
//
// A diffusion model is a hierarchical VAE whose encoder is fixed: corrupted copies of the image tell every intermediate
// state what it should be. Any corruption and any video model will do in place of noise and denoiser: make a pseudo
// video of corrupted copies, most corrupted first, fit a video model to it, and keep the last frame of what it
// generates. For a fixed corruption q and a model p,
//
//	log p(x_F) >= E_q[log p(x_1..x_F)] - E_q[log q(x_1..x_{F-1} | x_F)],
//
// and the gap is KL(q(x_<F | x_F) || p(x_<F | x_F)): fitting the video is fitting the image by a bound whose encoder is
// the corruption. If each frame depends on the next one only (a first-order chain, as in diffusion), older frames say
// nothing about the image that the nearest does not; Spec.Order tells which constructions are such chains, and
// WhatThePastKnows gives the numbers for Gaussians.
//
// Three cautions belong to that argument. It speaks of the best predictor with a clean history: a model that generates
// its own history errs, and older frames may help it recover. In joint diffusion every frame gets noise of its own, so
// even exact copies act as repeated measurements: run the copy control (Dup) before crediting a corruption. And frames
// that say more are harder to generate.
//
// # Symbols
//
//	F       Spec.F()              number of frames, the image included; frame F-1 is the image
//	L_f     Ladder.Values         level of corruption of frame f, falling to 0
//	x       [N, C, H, W]          images on the scale [-1, 1]; noise levels are on that scale
//	V       [N, C, F, H, W]       pseudo videos; inside the models [N, F, H, W, C]
//	T, t    Schedule.Steps        diffusion steps, never frames; t = 0 is one noising step
//	beta_t  Schedule.Beta         variance added by step t; Abar is the product of 1 - beta
//	eps, v  output of the U-Net   noise estimate, and where the variance lies between its bounds
//	K, D    Codes, Dim            size of the codebook, length of a code
//	e_k     Codebook.Code         codes; N_k, S_k are Count and Sum, their running averages
//	z_l     HVAE.States           latent states, l = 1..L
//
// # What is established and what is not
//
// Marks used in notebooks: [P] stated by the paper (W. Chen, W. Chen, L. Rastrelli, Y. Li, "Your Image is Secretly the
// Last Frame of a Pseudo Video", 2024), [B] taken from the building blocks it extends (Improved DDPM, VQ-VAE, VideoGPT,
// Phenaki), [D] a derivation or decision of this project, [N] not established. The idea, the two families (VQ-VAE and
// Improved DDPM), blur of increasing strength, the criticism of first-order corruption, CIFAR-10 and CelebA are [P]. The
// exact video counterparts, frame numbers, blur widths and every figure of its tables are [N]: presets at that scale
// carry a note saying so, and no number of the paper is printed. The bound above, Order, the stacked U-Net, the causal
// tokenizer and all measurements are [D].
//
// # Distances
//
// fd-pixel, fd-pvrf1 and fd-clf are Frechet distances of features made here; each carries the caption that it is not
// comparable with published FID. FID itself takes files of Inception features that the user supplies.
//
// # Where to start
//
// Spec and Build (construction; Published names those of other models), then Diffusion, or Tokenizer with Prior and
// Generate, or HVAE; Denoiser measures what the past knows; Distance scores samples; Preset and Config.DryRun describe
// whole experiments. The package experiment below runs the chapter's comparison. To read the code: build.go, schedule.go,
// unet.go, tokenizer.go.
package pseudovideo
