export const EndpointPage = () => null;
export const NewEndpointPage = () => null;
