package console

import "uniview-bridge/pkg/httpapi/access"

func (c *Console) alertRoutes() []access.Route {
	return nil
}
