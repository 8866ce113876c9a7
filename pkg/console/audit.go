package console

import "uniview-bridge/pkg/httpapi/access"

func (c *Console) auditRoutes() []access.Route {
	return nil
}
