namespace DaprShop.Local.Hosting;

/// <summary>Where everything that must survive a restart is kept.</summary>
/// <param name="path">The directory, <c>data/</c> of the repository unless <c>--data</c> says otherwise.</param>
public sealed class DataDirectory(string path)
{
    private const string Folder = "data/";

    /// <summary>Absolute.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>
    /// The place of a file that a component names: what follows <c>data/</c> in a relative path is under this directory, so
    /// <c>../../data/basket.db</c> (which daprd, started in the app's directory, finds as well) is <c>basket.db</c> here.
    /// </summary>
    public string Resolve(string file)
    {
        if (System.IO.Path.IsPathRooted(file)) return file;
        var relative = file.Replace('\\', '/');
        var folder = ("/" + relative).LastIndexOf("/" + Folder, StringComparison.Ordinal);
        return System.IO.Path.GetFullPath(folder < 0 ? relative : relative[(folder + Folder.Length)..], Path);
    }
}
