package match

import "math"

// Hidden is the number of hidden units of the model.
const Hidden = 20

// Model turns the features of a candidate into its worth, and the worths of all
// candidates of a name into probabilities: a candidate of worth u is right with
// exp(u) against 1 for "none of them". So a rival as good, or nothing convincing,
// lowers everybody's probability. Weights are made by pkg/match/train.
type Model struct {
	Mean, Scale [FeatureCount]float32 // features are shifted and scaled by these
	Direct      [FeatureCount]float32
	Bias        float32
	In          [Hidden][FeatureCount]float32
	InBias      [Hidden]float32
	Out         [Hidden]float32
	// Words are the logarithms of how often words occur in names, for those that
	// occur often.
	Words map[string]float32
}

// Worth of a candidate: the logarithm of its odds against "none".
func (m *Model) Worth(f *Features) float64 {
	var x [FeatureCount]float32
	u := m.Bias
	for i := range x {
		x[i] = (f[i] - m.Mean[i]) * m.Scale[i]
		u += m.Direct[i] * x[i]
	}
	for h := range m.In {
		sum := m.InBias[h]
		for i, w := range m.In[h] {
			sum += w * x[i]
		}
		if sum > 0 {
			u += m.Out[h] * sum
		}
	}
	return float64(u)
}

// Probabilities turns worths into probabilities, in place.
func Probabilities(worths []float64) {
	top := 0.0
	for _, u := range worths {
		top = max(top, u)
	}
	sum := math.Exp(-top)
	for i, u := range worths {
		worths[i] = math.Exp(u - top)
		sum += worths[i]
	}
	for i := range worths {
		worths[i] /= sum
	}
}

const (
	// unknownWord is the share of names that have a word which the model does not know.
	unknownWord = 0.00008
	// background is how many names the model's word counts weigh against those indexed.
	background = 200
)

// info is what a word tells in a portfolio of n names, df of which have it.
func (m *Model) info(word string, df, n int) float32 {
	share := unknownWord
	if l, ok := m.Words[word]; ok {
		share = math.Exp(float64(l))
	}
	return float32(-math.Log((float64(df) + background*share) / (float64(n) + background)))
}
