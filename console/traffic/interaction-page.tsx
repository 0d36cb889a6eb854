export const InteractionPage = () => null;
