namespace DaprShop.Local.Configuration;

/// <summary>Something is wrong with a file, a flag or the machine; the message is one line for the person who must mend it.</summary>
public sealed class ConfigurationError(string message) : Exception(message);
