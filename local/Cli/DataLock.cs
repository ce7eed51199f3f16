using DaprShop.Local.Configuration;

namespace DaprShop.Local.Cli;

/// <summary>The data directory is one run's at a time; the operating system lets go of the lock however the run ends.</summary>
internal sealed class DataLock : IDisposable
{
    private const string Name = ".lock";

    /// <summary>Kept in an empty repository.</summary>
    private const string Placeholder = ".gitkeep";

    private readonly string _directory;
    private readonly FileStream _file;

    private DataLock(string directory, FileStream file)
    {
        _directory = directory;
        _file = file;
    }

    /// <exception cref="ConfigurationError">Another run has it, or it cannot be written to.</exception>
    public static DataLock Take(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationError($"the data directory {directory} cannot be made: {error.Message}");
        }
        try
        {
            var file = Path.Combine(directory, Name);
            return new DataLock(directory, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException)
        {
            throw new ConfigurationError($"the data directory {directory} cannot be written to");
        }
        catch (IOException)
        {
            throw new ConfigurationError($"another run uses the data directory {directory}; end it, or name another with --data");
        }
    }

    /// <summary>Empties the directory.</summary>
    public void Clear()
    {
        foreach (var folder in Directory.EnumerateDirectories(_directory)) Directory.Delete(folder, recursive: true);
        foreach (var file in Directory.EnumerateFiles(_directory))
            if (Path.GetFileName(file) is not (Name or Placeholder)) File.Delete(file);
    }

    public void Dispose() => _file.Dispose();
}
