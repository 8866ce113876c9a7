package demo

import "strings"

// Invented words; any likeness to real firms is chance.
var (
	places = []string{
		"Ashdown", "Brackley", "Calder", "Dunmore", "Eastwick", "Farrow", "Glenholm", "Hartwell", "Inverkip", "Jessop",
		"Kirkdale", "Langford", "Marlow", "Northgate", "Oakhurst", "Penrose", "Quarrie", "Redbourn", "Selby", "Thornbury",
		"Ullswater", "Varley", "Wexham", "Yarrow", "Zennor", "Alderney", "Birchfield", "Colwyn", "Drayton", "Elmswell",
		"Fernhill", "Garston", "Helmsley", "Ivybridge", "Kelso", "Lydford", "Melrose", "Netherby", "Orford", "Polperro",
	}
	trades = []string{
		"Dental Practice", "Veterinary Group", "Legal", "Accountants", "Logistics", "Joinery", "Primary School", "Surgery",
		"Architects", "Housing Association", "Engineering", "Brewery", "Pharmacy", "Estate Agents", "Care Homes", "Foods",
		"Printing", "Insurance Brokers", "Nurseries", "Motors",
	}
	forms = []string{" Ltd", " Limited", " LLP", "", " plc", " Group Ltd", "", " Ltd", " Inc.", " & Sons Ltd"}
)

// specials are names with what breaks naive matching and naive output.
var specials = []string{
	"Müller Maschinenbau GmbH", "Café Étoile SARL", "Smith, Jones & Partners LLP", "O'Neill \"Fast\" Freight Ltd",
	"The Old Bakery (Holdings) Ltd", "AT&C Telecom Ltd", "Søndergaard A/S", "Łukasz Transport Sp. z o.o.",
	"100% Clean Ltd", "=SUM(A1:A9) Ltd", "<b>Bold</b> Bakers Ltd", "Nord\\Süd Spedition GmbH",
	"The Extraordinarily Long Named Benevolent Association of Retired Lighthouse Keepers Ltd",
}

// customerName is the name of the i-th ordinary customer; all differ.
func customerName(i int) string {
	place := places[i%len(places)]
	trade := trades[(i/len(places)+i)%len(trades)]
	name := place + " " + trade
	if round := i / (len(places) * len(trades)); round > 0 {
		name += " " + strings.Repeat("I", round+1)
	}
	return name + forms[(i*7+i/11)%len(forms)]
}

// respell writes a name as another department would: same after normalisation.
func respell(name string, how int) string {
	switch how % 5 {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return strings.ReplaceAll(strings.ReplaceAll(name, " Limited", " Ltd."), " Ltd", " Ltd.")
	case 2:
		return strings.ReplaceAll(name, "&", "and")
	case 3:
		return strings.ReplaceAll(name, " ", "  ") + " "
	}
	return "The " + name
}

// misspell writes a name as somebody would who only heard it: near, not equal.
func misspell(name string, how int) string {
	words := strings.Fields(name)
	switch how % 4 {
	case 0:
		w := words[0]
		words[0] = w[:len(w)-2] + w[len(w)-1:]
	case 1:
		if len(words) > 2 {
			words = append(words[:1], words[2:]...)
		} else {
			words = append(words, "Services")
		}
	case 2:
		words = append([]string{words[0]}, append([]string{"Road"}, words[1:]...)...)
	default:
		words = append(words, "UK")
	}
	return strings.Join(words, " ")
}

func identifier(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	id := b.String()
	if len(id) > 24 {
		id = id[:24]
	}
	return id
}
