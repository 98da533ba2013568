"""Events as entries of an EventBridge bus."""
