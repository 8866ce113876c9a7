package console

import "uniview-bridge/pkg/httpapi/access"

func (c *Console) ticketingRoutes() []access.Route {
	return nil
}
