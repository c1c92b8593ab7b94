import { useEffect, useRef } from "react";

import { useActions } from "../context";

interface VideoProps {
  readonly participant: string;
  readonly kind: "camera" | "screen";
  readonly mirrored?: boolean;
  readonly label: string;
}

/** The picture of one person; sound plays apart from it, so the element itself is silent. */
export function Video({ participant, kind, mirrored = false, label }: VideoProps) {
  const call = useActions();
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => (element.current ? call.attach(participant, kind, element.current) : undefined), [call, participant, kind]);
  return <video ref={element} className="video" data-mirrored={mirrored || undefined} aria-label={label} autoPlay muted playsInline disablePictureInPicture />;
}
