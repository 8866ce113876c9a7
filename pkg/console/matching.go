package console

import "uniview-bridge/pkg/httpapi/access"

func (c *Console) matchingRoutes() []access.Route {
	return nil
}
