/** Asks before the page is closed or left for another one, while something would be lost by it. */
import { useEffect } from "react";

export function useLeaveWarning(wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [wanted]);
}
