import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Built files are served by the server under a policy of `script-src 'self'`, so nothing is inlined. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    reportCompressedSize: true,
  },
});
