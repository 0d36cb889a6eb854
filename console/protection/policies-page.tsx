export const PoliciesPage = () => null;
