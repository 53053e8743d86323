/** What was chosen in a list stands below it on a narrow screen: brings it into view. */
import { useCallback, useRef } from "react";

export function useDetail(): [React.RefObject<HTMLDivElement | null>, () => void] {
  const detail = useRef<HTMLDivElement>(null);
  const show = useCallback(() => {
    requestAnimationFrame(() => {
      const element = detail.current;
      if (element === null || element.getBoundingClientRect().top < window.innerHeight * 0.7) return;
      element.scrollIntoView({
        block: "start",
        behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
      });
    });
  }, []);
  return [detail, show];
}
