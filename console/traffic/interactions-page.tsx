export const InteractionsPage = () => null;
