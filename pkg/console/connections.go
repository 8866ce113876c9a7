package console

import "uniview-bridge/pkg/httpapi/access"

func (c *Console) connectionRoutes() []access.Route {
	return nil
}
