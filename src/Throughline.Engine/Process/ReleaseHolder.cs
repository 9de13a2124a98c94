namespace Throughline.Engine.Process;

/// <summary>The landscape release that the hub works under now. A batch keeps the one that it began with.</summary>
public sealed class ReleaseHolder(Landscape.Landscape landscape)
{
    private volatile Landscape.Landscape _landscape = landscape;

    public Landscape.Landscape Landscape
    {
        get => _landscape;
        set => _landscape = value;
    }
}
