// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

error NotAllowed();

/// @notice Keeps a jar's assets at work.
contract Controller {
    using SafeERC20 for IERC20;

    IERC20 private immutable ASSET;
    Jar private immutable JAR;
    uint256 public invested;

    constructor(IERC20 asset, Jar jar) {
        ASSET = asset;
        JAR = jar;
    }

    /// @notice Takes `amount` of the jar's assets.
    function invest(uint256 amount) external {
        if (msg.sender != address(JAR)) revert NotAllowed();
        invested += amount;
        ASSET.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Gives everything back to the jar.
    function withdrawAll() external {
        if (msg.sender != JAR.OWNER()) revert NotAllowed();
        uint256 amount = invested;
        invested = 0;
        ASSET.safeTransfer(address(JAR), amount);
    }
}

/// @notice Shares in what the jar and its controller hold together.
contract Jar is ERC20 {
    using SafeERC20 for IERC20;

    address public immutable OWNER = msg.sender;
    IERC20 private immutable ASSET;
    Controller public controller;

    constructor(IERC20 asset) ERC20("Jar", "JAR") {
        ASSET = asset;
    }

    /// @notice Names the controller that the shares are priced with.
    function setController(Controller to) external {
        if (msg.sender != OWNER) revert NotAllowed();
        controller = to;
    }

    /// @notice Puts `amount` to work.
    function invest(uint256 amount) external {
        if (msg.sender != OWNER) revert NotAllowed();
        ASSET.forceApprove(address(controller), amount);
        controller.invest(amount);
    }

    /// @notice Takes `amount` of the caller's asset for shares at the price of this moment.
    function deposit(uint256 amount) external {
        uint256 supply = totalSupply();
        _mint(msg.sender, supply == 0 ? amount : amount * supply / assets());
        ASSET.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice What the shares are shares in.
    function assets() public view returns (uint256) {
        return ASSET.balanceOf(address(this)) + controller.invested();
    }

    /// @notice What the shares of `account` are worth.
    function valueOf(address account) external view returns (uint256) {
        uint256 supply = totalSupply();
        return supply == 0 ? 0 : balanceOf(account) * assets() / supply;
    }
}
