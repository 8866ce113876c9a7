package main

import (
	"math"
	"math/rand/v2"

	"uniview-bridge/pkg/match"
)

// options of the fit. They were chosen by the figures of left-out sets.
type options struct {
	epochs int
	rate   float64
	decay  float64 // pull of the weights towards 0
	seed   uint64
}

// standardise sets the model's shift and scale of every feature.
func standardise(m *match.Model, all []example) {
	var n float64
	var sum, squares [match.FeatureCount]float64
	for _, e := range all {
		for _, f := range e.features {
			n++
			for i, v := range f {
				sum[i] += float64(v)
				squares[i] += float64(v) * float64(v)
			}
		}
	}
	for i := range sum {
		mean := sum[i] / n
		deviation := math.Sqrt(max(squares[i]/n-mean*mean, 0))
		m.Mean[i] = float32(mean)
		m.Scale[i] = float32(1 / max(deviation, 0.05))
	}
}

// The model is a committee: networks trained apart, whose mean worth counts. Each has
// its share of the hidden units.
const (
	members = 2
	width   = match.Hidden / members
)

// parameters of one member as one vector: bias, direct, out, hidden biases, in.
const count = 1 + match.FeatureCount + width*(2+match.FeatureCount)

const (
	atDirect = 1
	atOut    = atDirect + match.FeatureCount
	atInBias = atOut + width
	atIn     = atInBias + width
)

// join makes the member-th network part of the model.
func (p *params) join(m *match.Model, member int) {
	m.Bias += float32(p[0] / members)
	for i := range m.Direct {
		m.Direct[i] += float32(p[atDirect+i] / members)
	}
	for h := range width {
		at := member*width + h
		m.Out[at], m.InBias[at] = float32(p[atOut+h]/members), float32(p[atInBias+h])
		for i := range m.In[at] {
			m.In[at][i] = float32(p[atIn+h*match.FeatureCount+i])
		}
	}
}

type params [count]float64

// fit finds weights that make the right candidates, or "none", likely.
func fit(m *match.Model, all []example, o options) {
	standardise(m, all)
	for member := range members {
		p := network(m, all, o, rand.New(rand.NewPCG(o.seed, uint64(member))))
		p.join(m, member)
	}
}

// network trains one member: Adam on the logarithmic loss of the choice among the
// candidates and none; the weights of the last quarter of steps are averaged.
func network(m *match.Model, all []example, o options, r *rand.Rand) *params {
	var p, grad, first, second params
	for h := range width {
		p[atOut+h] = r.NormFloat64() * 0.3
		for i := range match.FeatureCount {
			p[atIn+h*match.FeatureCount+i] = r.NormFloat64() / math.Sqrt(match.FeatureCount)
		}
	}
	p[0] = -5
	total := 0.0
	for _, e := range all {
		total += e.weight
	}
	mean := total / float64(len(all))
	const batch = 48
	steps := 0
	allSteps := o.epochs * (len(all)/batch + 1)
	var avg params
	averaged := 0.0
	for range o.epochs {
		order := r.Perm(len(all))
		for begin := 0; begin < len(order); begin += batch {
			clear(grad[:])
			for _, i := range order[begin:min(begin+batch, len(order))] {
				gradient(m, &p, &all[i], all[i].weight/mean/batch, &grad)
			}
			steps++
			rate := o.rate * 0.5 * (1 + math.Cos(math.Pi*float64(steps)/float64(allSteps)))
			b1, b2 := 1-math.Pow(0.9, float64(steps)), 1-math.Pow(0.999, float64(steps))
			for k := range p {
				first[k] = 0.9*first[k] + 0.1*grad[k]
				second[k] = 0.999*second[k] + 0.001*grad[k]*grad[k]
				p[k] -= rate * (first[k] / b1) / (math.Sqrt(second[k]/b2) + 1e-8)
				if k > 0 {
					p[k] -= rate * o.decay * p[k]
				}
			}
			if steps > allSteps*3/4 {
				averaged++
				for k := range p {
					avg[k] += (p[k] - avg[k]) / averaged
				}
			}
		}
	}
	return &avg
}

// gradient adds an example's gradient.
func gradient(m *match.Model, p *params, e *example, weight float64, grad *params) {
	n := len(e.features)
	if n == 0 {
		return
	}
	worths := make([]float64, n)
	xs := make([][match.FeatureCount]float64, n)
	active := make([][width]float64, n)
	for c := range e.features {
		x := &xs[c]
		u := p[0]
		for i, v := range e.features[c] {
			x[i] = float64((v - m.Mean[i]) * m.Scale[i])
			u += p[atDirect+i] * x[i]
		}
		for h := range width {
			sum := p[atInBias+h]
			in := p[atIn+h*match.FeatureCount : atIn+(h+1)*match.FeatureCount]
			for i, w := range in {
				sum += w * x[i]
			}
			if sum > 0 {
				active[c][h] = sum
				u += p[atOut+h] * sum
			}
		}
		worths[c] = u
	}
	match.Probabilities(worths)
	for c, prob := range worths {
		d := prob
		if c == e.right {
			d--
		}
		d *= weight
		if math.Abs(d) < 1e-7*weight {
			continue
		}
		grad[0] += d
		for i, v := range xs[c] {
			grad[atDirect+i] += d * v
		}
		for h, a := range active[c] {
			if a == 0 {
				continue
			}
			grad[atOut+h] += d * a
			back := d * p[atOut+h]
			grad[atInBias+h] += back
			g := grad[atIn+h*match.FeatureCount : atIn+(h+1)*match.FeatureCount]
			for i, v := range xs[c] {
				g[i] += back * v
			}
		}
	}
}
