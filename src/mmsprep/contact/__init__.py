"""Contacts: one model, and every spelling in which people hand them over."""

from mmsprep.contact.model import Address, Chat, Contact, Email, Link, Phone

__all__ = ["Address", "Chat", "Contact", "Email", "Link", "Phone"]
