/** Made-up documents that the check carries as samples. */
export const CONTRACT = `SERVICES AGREEMENT
This Agreement is made by and between Northwind Traders Ltd (hereinafter the "Client") and Fabrikam GmbH.
WHEREAS the Client wishes to obtain certain services; now therefore the parties agree as follows.
1. The Supplier shall indemnify the Client against any breach of this clause.
2. Either party may terminate this Agreement by written notice.
3. Governing law: the laws of England apply and the courts there have jurisdiction.
4. This document is the entire agreement between the parties.`;

export const CURRICULUM_VITAE = `Curriculum Vitae
Jane Sample, nationality: Danish

Work experience
2019 to present: analyst, Contoso
Education
2016: Bachelor of Science, University of Somewhere
Skills
Statistics, Python
Languages
Danish, English`;

export const SALARY_LIST = `Payroll March
Employee; job title; base salary; bonus
A. Sample; engineer; $ 72,000; $ 4,000
B. Sample; designer; $ 68,500; $ 3,000
C. Sample; analyst; $ 61,000; $ 2,500`;

export const EARNINGS_DRAFT = `Draft, unaudited, not yet published.
Revenue rose to USD 412 million, EBITDA to USD 61 million and net income to USD 22 million.
Operating income was ahead of guidance; the balance sheet follows tomorrow.`;

export const CHAT_ABOUT_CONTRACTS = `Can you explain in simple words what a contract is? I read that the parties can end it with notice.
My salary is fine, I only wonder whether education or work experience matters more when you apply somewhere.
Our teacher said that revenue is not the same as profit. Please do not make the answer too long.`;
