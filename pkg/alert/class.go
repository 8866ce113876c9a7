package alert

import "strings"

// Class is what sort of trouble an alert tells of. It decides whether a good
// backup is evidence that the trouble is over.
type Class string

// The classes.
const (
	ClassBackup      Class = "backup"
	ClassJob         Class = "job"
	ClassReplication Class = "replication"
	ClassOffline     Class = "offline"
	ClassHardware    Class = "hardware"
	ClassCapacity    Class = "capacity"
	ClassHelix       Class = "helix"
	ClassOther       Class = "other"
)

// Classes lists all classes.
var Classes = []Class{ClassBackup, ClassJob, ClassReplication, ClassOffline, ClassHardware, ClassCapacity, ClassHelix, ClassOther}

// Heals says whether a later good backup of the machine ends a condition of
// this class. Replication needs its own status; hardware, capacity, offline and
// helix troubles are not ended by a backup (design, ticketing rules).
func (c Class) Heals() bool { return c == ClassBackup }

type classWords struct {
	class Class
	words []string
}

// classByMessage is asked in this order. The classes that a backup does not end
// come first: a message that speaks of both is not closed by a backup.
var classByMessage = []classWords{
	{ClassOffline, []string{"offline", "unreachable", "not reachable", "not responding", "lost connection", "cannot be contacted", "not checked in"}},
	{ClassHardware, []string{"raid", "hard drive", "drive ", "physical disk", "disk failure", "disk has failed", "temperature", "fan ", "power supply", "memory module", "smart ", "hardware", "battery"}},
	{ClassCapacity, []string{"disk space", "free space", "storage space", "out of space", "capacity", "is full", "almost full", "running low", "storage usage", "threshold of storage"}},
	{ClassReplication, []string{"replicat", "hot backup copy", "hot copy", "cold backup copy", "cold copy", "vault"}},
	{ClassBackup, []string{"backup", "back up", "backed up"}},
}

// ClassOf reads the class of an alert:
//
//	type         job type            message                      class
//	helix        any                 any                          helix
//	bridge       any                 any                          backup: raised for overdue machines only
//	job          holds "replicat" or any                          replication
//	             "copy"
//	job          holds "backup"      speaks of offline, hardware, that class
//	                                 capacity or replication
//	job          holds "backup"      anything else                backup
//	job          anything else       any                          job
//	conditional  -                   offline, hardware, capacity, that class
//	                                 replication words
//	conditional  -                   anything else                backup: the threshold since the last good backup
//	                                                              (uniview.md §5, conditional alarms)
//	alert, other -                   first class of the word list that class
//	alert, other -                   none of its words            other
func ClassOf(a Alert) Class {
	switch a.Type {
	case TypeHelix:
		return ClassHelix
	case TypeBridge:
		return ClassBackup
	case TypeJob:
		job := strings.ToLower(a.JobType)
		switch {
		case strings.Contains(job, "replicat"), strings.Contains(job, "copy"):
			return ClassReplication
		case strings.Contains(job, "backup"):
			return byMessage(a.Message, ClassBackup)
		}
		return ClassJob
	case TypeConditional:
		return byMessage(a.Message, ClassBackup)
	}
	return byMessage(a.Message, ClassOther)
}

func byMessage(message string, otherwise Class) Class {
	m := strings.ToLower(message) + " "
	for _, c := range classByMessage {
		for _, w := range c.words {
			if strings.Contains(m, w) {
				return c.class
			}
		}
	}
	return otherwise
}
