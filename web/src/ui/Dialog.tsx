import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  /** A question that must be answered: a press outside does not close it. */
  readonly alert?: boolean;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/** One question or one sheet in front of everything else; Escape closes it and the focus goes back. */
export function Dialog({ title, open, onClose, alert = false, wide = false, children }: DialogProps) {
  return (
    <ModalOverlay
      className="dialog-veil"
      isOpen={open}
      isDismissable={!alert}
      onOpenChange={(next) => {
        if (!next) onClose();
      }}
    >
      <Modal className="dialog" data-wide={wide || undefined}>
        <AriaDialog role={alert ? "alertdialog" : "dialog"}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
