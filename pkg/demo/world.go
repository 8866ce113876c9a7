package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// Options say how large the world is. Zero values are those of `make run`.
type Options struct {
	Seed      uint64
	Customers int // default 210
	Assets    int // default 5,000, both families
	Alerts    int // default 600, all four types
	Now       func() time.Time
	// Epoch is when the world began; default now. A world that is continued takes
	// the epoch of its first start.
	Epoch time.Time
	// Unlimited turns the sandboxes' request windows off, for tests that are not
	// about them.
	Unlimited bool
	// Awkward is how many times as many machines and customers as in the default
	// world are awkward in the ways of addAwkward. 0: as there, and none in worlds of
	// less than 25 customers.
	Awkward float64
	// Calm keeps technicians from acting on tickets.
	Calm bool
}

// World is the MSP in its three vendors.
type World struct {
	UniView     *uniview.Server
	ITGlue      *itglue.Server
	ConnectWise *connectwise.Server

	o     Options
	rng   *rand.Rand
	mu    sync.Mutex
	life  life
	traps map[Trap]int

	customers []*customer
	desk      desk
	types     map[string]int64 // IT Glue configuration types by name
}

// Credentials of the sandbox accounts, invented.
const (
	UniViewClientID     = "demo-client"
	UniViewClientSecret = "demo-uniview-secret"
	ITGlueKey           = "ITG.demo-key-0000"
	ConnectWiseCompany  = "demo"
	ConnectWisePublic   = "demoPublicKey01"
	ConnectWisePrivate  = "demoPrivateKey01"
	ConnectWiseClientID = "11111111-2222-4333-8444-555555555555"
)

// Trap is one awkwardness of real accounts (vendor pages and what users of
// similar products report).
type Trap string

// The traps.
const (
	ExactName        Trap = "organization with the very same name"
	RespelledName    Trap = "organization with the same name in another spelling"
	NearName         Trap = "organization with a nearly equal name"
	SiblingName      Trap = "organization whose name differs in a number only"
	NoOrganization   Trap = "customer without organization"
	TwoOrganizations Trap = "two organizations with the customer's name"
	TwoCustomers     Trap = "two customers with one organization's name"
	NamesakeEvidence Trap = "namesake with contrary evidence"
	NamesakeBare     Trap = "namesake without contrary evidence"
	LinkedByPSA      Trap = "organization named otherwise but linked to the customer's company"
	HostileName      Trap = "name with characters that mean something elsewhere"
	CutName          Trap = "company name cut at 50 characters"
	DeletedCompany   Trap = "company deleted in ConnectWise"
	MacNull          Trap = "machine without address"
	MacShared        Trap = "address of a VPN adapter, shared by many"
	MacZero          Trap = "address of zeros"
	MacSpelling      Trap = "address in another spelling"
	MacShort         Trap = "address with leading zeros dropped"
	MacOnInterface   Trap = "address on a configuration's interface only"
	MacOnRMM         Trap = "address on a configuration's RMM record only"
	MacElsewhere     Trap = "address in another customer's organization"
	MacArchived      Trap = "address on an archived duplicate too"
	MacTwice         Trap = "address on two configurations of the organization"
	CloneMAC         Trap = "two machines with one address and different names"
	Reinstalled      Trap = "machine registered twice after a re-install"
	BothFamilies     Trap = "machine protected by both families"
	NoConfiguration  Trap = "machine without configuration"
	WrongPSALink     Trap = "organization linked to another customer's company"
	RenamedOnto      Trap = "customer renamed to what another organization is called"
	ChildOrg         Trap = "machines in an organization below the customer's"
	MacDock          Trap = "address of a dock that two machines share"
	MacCluster       Trap = "address of a cluster that its members show"
	MacPool          Trap = "virtual machines of two customers with one address"
	MacHostAdapter   Trap = "address of a hypervisor's host adapter on several machines"
	MacGuest         Trap = "hypervisor's configuration that lists its guests' addresses"
	MacReused        Trap = "address that a machine took over from another"
	MacUSBReused     Trap = "USB adapter that went from one machine to its sibling"
	Replica          Trap = "replica with its original's address"
	RenamedMachine   Trap = "machine registered under its old and its new name"
	MovedMachine     Trap = "machine moved from one customer to another"
	CommonName       Trap = "machine without address whose name others have too"
	SyncedConfig     Trap = "configuration kept by the PSA"
	NeverBackedUp    Trap = "machine without any backup"
	Running          Trap = "backup in progress"
	Stale            Trap = "machine whose backups stopped"
	BackupOff        Trap = "endpoint with backup switched off"
	NoCustomerName   Trap = "endpoint that tells no customer name"
	EmptyCustomer    Trap = "customer without machines"
	MutedAlert       Trap = "muted alert"
	RepeatedAlert    Trap = "alert that repeats"
	UnnamedAlert     Trap = "alert that names no machine"
	ApplianceAlert   Trap = "alert about an appliance"
	HelixAlert       Trap = "helix alert"
	TwinDrives       Trap = "two alerts that differ in a drive number only"
	UnmappedAlert    Trap = "alert of a customer without company"
)

// New builds the world as it was at its epoch and lets it live until now.
func New(o Options) *World {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Customers == 0 {
		o.Customers = 210
	}
	if o.Assets == 0 {
		o.Assets = 5000
	}
	if o.Alerts == 0 {
		o.Alerts = 600
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Epoch.IsZero() {
		o.Epoch = o.Now()
	}
	o.Epoch = o.Epoch.UTC().Truncate(time.Second)
	w := &World{
		o: o, rng: rand.New(rand.NewPCG(o.Seed, 0x5eed)), traps: map[Trap]int{}, types: map[string]int64{},
		UniView: uniview.New(uniview.Options{
			ClientID: UniViewClientID, ClientSecret: UniViewClientSecret, Now: o.Now, Seed: fmt.Sprint("demo", o.Seed),
		}),
		ITGlue: itglue.New(itglue.Options{APIKey: ITGlueKey, Now: o.Now, NoLimit: o.Unlimited}),
		ConnectWise: connectwise.New(connectwise.Options{
			Now: o.Now, CompanyID: ConnectWiseCompany, PublicKey: ConnectWisePublic, PrivateKey: ConnectWisePrivate,
			ClientID: ConnectWiseClientID, Unlimited: o.Unlimited,
		}),
	}
	w.build()
	w.begin()
	w.Live()
	return w
}

// Traps counts how often each trap is present.
func (w *World) Traps() map[Trap]int { return w.traps }

func (w *World) trap(t Trap) { w.traps[t]++ }

// chance is a repeatable draw in [0,1) for a thing and a moment.
func (w *World) chance(parts ...any) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, w.o.Seed, parts)
	return float64(h.Sum64()>>11) / (1 << 53)
}
