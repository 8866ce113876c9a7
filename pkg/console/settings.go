package console

import "uniview-bridge/pkg/httpapi/access"

func (c *Console) settingsRoutes() []access.Route {
	return nil
}
