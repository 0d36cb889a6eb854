export const NewPolicyPage = () => null;
