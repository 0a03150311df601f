//! Transcription-factor binding: MLP, CNN and LSTM on DNA windows.
