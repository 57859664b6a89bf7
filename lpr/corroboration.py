"""What stands with every read, on the screen and on paper: that it is a lead and no ground for action, and why plates are misread
(RES-5, LIM-2)."""

NOTICE = ("No enforcement action may rest on this report alone. A read is a lead: compare plate, state and vehicle with both "
          "photographs, and corroborate with other sources before acting.")
NOTICE_SHORT = "Investigative lead only. No enforcement action may rest on this report alone."
CAUSES = ("Plates are misread because of the camera's angle, snow or dirt, a damaged or bent plate, an obstruction such as a "
          "frame or a hitch, and weather or light.")
